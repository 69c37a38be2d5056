#!/bin/sh
# Ségur sandbox - SIMULATION non officielle / unofficial SIMULATION
#
# FR  Retire d'un magasin de confiance Java les racines que install-java.sh y a mises, et elles seules.
# EN  Takes away from a Java trust store the roots that install-java.sh put there, and no other.
#
# sh uninstall-java.sh [--keystore FILE] [--storepass PASSWORD]      (changeit)
#include common.sh
#include java.sh

if [ ! -e "$keystore" ]; then
  say "Rien à retirer : $keystore n'existe pas." "Nothing to remove: $keystore does not exist."
  exit 0
fi
opens
for root in $roots; do
  if ! there "$root"; then
    say "Absent de $keystore : segur-sandbox-$root" "Not in $keystore: segur-sandbox-$root"
    continue
  fi
  said=$("$keytool" -delete -alias "segur-sandbox-$root" -keystore "$keystore" -storepass "$storepass" 2>&1) ||
    fail "keytool : $said" "keytool: $said"
  say "Retiré de $keystore : segur-sandbox-$root" "Removed from $keystore: segur-sandbox-$root"
done
say "Terminé." "Done."
