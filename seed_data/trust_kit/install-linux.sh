#!/bin/sh
# Ségur sandbox - SIMULATION non officielle / unofficial SIMULATION
#
# FR  Ajoute la racine du bac à sable aux autorités de confiance de ce Linux (curl, wget, Python, PHP, Go, .NET...).
#     Debian, Ubuntu, Alpine  /usr/local/share/ca-certificates, puis update-ca-certificates
#     Red Hat, Fedora, Rocky  /etc/pki/ca-trust/source/anchors, puis update-ca-trust
#     Peut être relancé sans risque ; uninstall-linux.sh retire tout.
# EN  Adds the sandbox's root to the authorities this Linux trusts. May be run again; uninstall-linux.sh undoes it.
#
# sh install-linux.sh [--destdir DIR]        DIR: une autre racine que / ; another root folder than /
#include common.sh
#include linux.sh

writable "$anchors"
mkdir -p "$anchors"
changed=no
for root in $roots; do
  if [ -f "$(file "$root")" ] && [ "$(cat "$(file "$root")")" = "$(pem "$root")" ]; then
    say "Déjà en place : $(file "$root")" "Already there: $(file "$root")"
  else
    pem "$root" >"$(file "$root")"
    chmod 644 "$(file "$root")"
    changed=yes
    say "Ajouté : $(file "$root")" "Added: $(file "$root")"
  fi
  trusted "$root" || changed=yes
done
[ "$changed" = no ] || refresh
for root in $roots; do
  if checked && ! trusted "$root"; then
    fail "la racine $root n'est pas dans $bundle" "root $root is not in $bundle"
  fi
done
say "Terminé. Retrait : uninstall-linux.sh" "Done. To undo: uninstall-linux.sh"
