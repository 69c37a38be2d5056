#!/bin/sh
# Ségur sandbox - SIMULATION non officielle / unofficial SIMULATION
#
# FR  Ajoute la racine du bac à sable à un magasin de confiance Java : celui du JDK trouvé (JAVA_HOME, sinon PATH), ou
#     un fichier à vous (--keystore, créé s'il n'existe pas). Peut être relancé sans risque ; uninstall-java.sh la retire.
#     Sans rien installer : -Djavax.net.ssl.trustStore=truststore.p12 -Djavax.net.ssl.trustStorePassword=@PASSWORD@
# EN  Adds the sandbox's root to a Java trust store: that of the JDK found (JAVA_HOME, else PATH), or a file of yours
#     (--keystore, made if absent). May be run again; uninstall-java.sh undoes it.
#
# sh install-java.sh [--keystore FILE] [--storepass PASSWORD]        (changeit)
#include common.sh
#include java.sh

[ ! -e "$keystore" ] || opens
certificate=$(mktemp)
trap 'rm -f "$certificate"' EXIT
for root in $roots; do
  if [ -e "$keystore" ] && there "$root"; then
    say "Déjà dans $keystore : segur-sandbox-$root" "Already in $keystore: segur-sandbox-$root"
    continue
  fi
  pem "$root" >"$certificate"
  said=$("$keytool" -importcert -noprompt -trustcacerts -alias "segur-sandbox-$root" -file "$certificate" \
    -keystore "$keystore" -storepass "$storepass" 2>&1) ||
    fail "keytool : $said" "keytool: $said"
  there "$root" || fail "segur-sandbox-$root n'est pas dans $keystore" "segur-sandbox-$root is not in $keystore"
  say "Ajouté à $keystore : segur-sandbox-$root" "Added to $keystore: segur-sandbox-$root"
done
say "Terminé. Retrait : uninstall-java.sh" "Done. To undo: uninstall-java.sh"
