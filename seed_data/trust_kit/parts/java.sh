keystore=
storepass=changeit
while [ $# -gt 0 ]; do
  case "$1" in
    --keystore | --storepass)
      [ $# -ge 2 ] || fail "$1 attend une valeur" "$1 wants a value"
      [ "$1" = --keystore ] && keystore=$2 || storepass=$2
      shift 2
      ;;
    *)
      fail "option inconnue : $1 (--keystore FICHIER, --storepass MOT-DE-PASSE)" \
        "unknown option: $1 (--keystore FILE, --storepass PASSWORD)"
      ;;
  esac
done

keytool=${JAVA_HOME:+$JAVA_HOME/bin/keytool}
if [ -z "$keytool" ] || [ ! -x "$keytool" ]; then
  keytool=$(command -v keytool) ||
    fail "keytool est introuvable : indiquez JAVA_HOME" "keytool is not to be found: set JAVA_HOME"
fi
if [ -z "$keystore" ]; then
  home=$("$(dirname "$keytool")/java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.home = //p')
  keystore=$home/lib/security/cacerts
  [ -f "$keystore" ] || fail "pas de magasin $keystore : donnez --keystore" "no store $keystore: give --keystore"
fi

there() { # root
  "$keytool" -list -keystore "$keystore" -storepass "$storepass" -alias "segur-sandbox-$1" >/dev/null 2>&1
}

# Un mauvais mot de passe ne doit pas passer pour un magasin vide / a wrong password must not look like an empty store
opens() {
  said=$("$keytool" -list -keystore "$keystore" -storepass "$storepass" 2>&1) ||
    fail "$keystore ne s'ouvre pas (--storepass ?) $said" "$keystore does not open (--storepass?) $said"
}
