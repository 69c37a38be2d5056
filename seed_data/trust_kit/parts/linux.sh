destdir=${DESTDIR:-}
while [ $# -gt 0 ]; do
  case "$1" in
    --destdir)
      [ $# -ge 2 ] || fail "--destdir attend un dossier" "--destdir wants a folder"
      destdir=$2
      shift 2
      ;;
    *) fail "option inconnue : $1 (--destdir DOSSIER)" "unknown option: $1 (--destdir DIR)" ;;
  esac
done

if command -v update-ca-trust >/dev/null 2>&1; then
  family=redhat
  anchors=$destdir/etc/pki/ca-trust/source/anchors
  bundle=$destdir/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem
elif command -v update-ca-certificates >/dev/null 2>&1; then
  family=debian
  anchors=$destdir/usr/local/share/ca-certificates
  bundle=$destdir/etc/ssl/certs/ca-certificates.crt
else
  fail "ni update-ca-certificates ni update-ca-trust : installez le paquet ca-certificates, ou utilisez roots.pem" \
    "neither update-ca-certificates nor update-ca-trust: install the package ca-certificates, or use roots.pem"
fi

file() { printf '%s/segur-sandbox-%s.crt' "$anchors" "$1"; }

writable() { # an existing folder or none yet
  folder=$1
  while [ ! -e "$folder" ]; do folder=$(dirname "$folder"); done
  [ -w "$folder" ] || fail "$1 n'est pas modifiable : relancez avec sudo" "$1 cannot be written: run it again with sudo"
}

refresh() {
  if [ "$family" = redhat ]; then
    if [ -z "$destdir" ]; then
      update-ca-trust extract
    else
      say "À lancer dans ce système : update-ca-trust extract" "Run inside that system: update-ca-trust extract"
    fi
  elif [ -z "$destdir" ]; then
    update-ca-certificates --fresh >/dev/null
  else
    mkdir -p "$destdir/etc/ssl/certs" "$destdir/usr/share/ca-certificates"
    [ -e "$destdir/etc/ca-certificates.conf" ] || : >"$destdir/etc/ca-certificates.conf"
    update-ca-certificates --fresh --certsconf "$destdir/etc/ca-certificates.conf" \
      --certsdir "$destdir/usr/share/ca-certificates" --localcertsdir "$anchors" \
      --etccertsdir "$destdir/etc/ssl/certs" --hooksdir "$destdir/etc/ca-certificates/update.d" >/dev/null
  fi
}

# Le fichier que lisent les programmes la contient / the file that programs read holds it
trusted() { # root
  [ -f "$bundle" ] && grep -qF -e "$(pem "$1" | tail -n 3 | head -n 1)" "$bundle"
}

checked() { # Red Hat's bundle of another root folder is made later, by that system
  [ "$family" = debian ] || [ -z "$destdir" ]
}
