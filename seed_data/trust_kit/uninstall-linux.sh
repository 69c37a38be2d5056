#!/bin/sh
# Ségur sandbox - SIMULATION non officielle / unofficial SIMULATION
#
# FR  Retire de ce Linux les racines que install-linux.sh y a mises, et elles seules. Peut être relancé sans risque.
# EN  Takes away from this Linux the roots that install-linux.sh put there, and no other. May be run again.
#
# sh uninstall-linux.sh [--destdir DIR]      DIR: une autre racine que / ; another root folder than /
#include common.sh
#include linux.sh

changed=no
for root in $roots; do
  if [ -e "$(file "$root")" ]; then
    writable "$anchors"
    rm -f "$(file "$root")"
    changed=yes
    say "Retiré : $(file "$root")" "Removed: $(file "$root")"
  else
    say "Absent : $(file "$root")" "Not there: $(file "$root")"
  fi
  if trusted "$root"; then changed=yes; fi
done
[ "$changed" = no ] || refresh
for root in $roots; do
  if checked && trusted "$root"; then # no other authority is left: update-ca-certificates keeps the old file then
    rm -f "$bundle"
    refresh
  fi
done
for root in $roots; do
  if checked && trusted "$root"; then
    fail "la racine $root est encore dans $bundle" "root $root is still in $bundle"
  fi
done
say "Terminé." "Done."
