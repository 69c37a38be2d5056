# Segur sandbox - SIMULATION non officielle / unofficial SIMULATION
#
# FR  Retire d'un magasin de confiance Java les racines que install-java.ps1 y a mises, et elles seules.
# EN  Takes away from a Java trust store the roots that install-java.ps1 put there, and no other.
#
# powershell -ExecutionPolicy Bypass -File uninstall-java.ps1 [-Keystore FILE] [-StorePass PASSWORD]   (changeit)
[CmdletBinding()]
param([string]$Keystore, [string]$StorePass = 'changeit')
#include common.ps1
#include java.ps1

if (-not (Test-Path -LiteralPath $Keystore)) {
    Say "Rien a retirer : $Keystore n'existe pas." "Nothing to remove: $Keystore does not exist."
    exit 0
}
Assert-Store
foreach ($Id in $Roots.Keys) {
    $Alias = "segur-sandbox-$Id"
    if (-not (Test-Alias $Alias)) {
        Say "Absent de $Keystore : $Alias" "Not in ${Keystore}: $Alias"
        continue
    }
    $Done = Invoke-Tool $Keytool (@('-delete', '-alias', $Alias) + $Access)
    if ($Done.Code -ne 0) { throw "keytool: $($Done.Said)" }
    Say "Retire de $Keystore : $Alias" "Removed from ${Keystore}: $Alias"
}
Say 'Termine.' 'Done.'
