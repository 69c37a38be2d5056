set -eu

say() { # French, English
  case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in
    fr*) printf '%s\n' "$1" ;;
    *) printf '%s\n' "$2" ;;
  esac
}

fail() { # French, English
  say "ÉCHEC : $1" "FAILED: $2" >&2
  exit 1
}

# Les racines, par le début de leur empreinte SHA-256 / the roots, by the start of their SHA-256 fingerprint
roots="@IDS@"

pem() { # root
  case "$1" in
@CASES@
  esac
}
