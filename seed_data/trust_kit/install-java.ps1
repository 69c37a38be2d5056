# Segur sandbox - SIMULATION non officielle / unofficial SIMULATION
#
# FR  Ajoute la racine du bac a sable a un magasin de confiance Java : celui du JDK trouve (JAVA_HOME, sinon PATH ; en
#     administrateur s'il est dans Program Files), ou un fichier a vous (-Keystore, cree s'il n'existe pas).
#     Peut etre relance sans risque ; uninstall-java.ps1 la retire.
#     Sans rien installer : -Djavax.net.ssl.trustStore=truststore.p12 -Djavax.net.ssl.trustStorePassword=@PASSWORD@
# EN  Adds the sandbox's root to a Java trust store: that of the JDK found (JAVA_HOME, else PATH; as administrator if it
#     is in Program Files), or a file of yours (-Keystore, made if absent). uninstall-java.ps1 undoes it.
#
# powershell -ExecutionPolicy Bypass -File install-java.ps1 [-Keystore FILE] [-StorePass PASSWORD]     (changeit)
[CmdletBinding()]
param([string]$Keystore, [string]$StorePass = 'changeit')
#include common.ps1
#include java.ps1

if (Test-Path -LiteralPath $Keystore) { Assert-Store }
$File = [IO.Path]::GetTempFileName()
try {
    foreach ($Id in $Roots.Keys) {
        $Alias = "segur-sandbox-$Id"
        if ((Test-Path -LiteralPath $Keystore) -and (Test-Alias $Alias)) {
            Say "Deja dans $Keystore : $Alias" "Already in ${Keystore}: $Alias"
            continue
        }
        [IO.File]::WriteAllBytes($File, [Convert]::FromBase64String($Roots[$Id]))
        $Import = @('-importcert', '-noprompt', '-trustcacerts', '-alias', $Alias, '-file', $File)
        $Done = Invoke-Tool $Keytool ($Import + $Access)
        if ($Done.Code -ne 0 -or -not (Test-Alias $Alias)) { throw "keytool: $($Done.Said)" }
        Say "Ajoute a $Keystore : $Alias" "Added to ${Keystore}: $Alias"
    }
}
finally {
    Remove-Item $File
}
Say 'Termine. Retrait : uninstall-java.ps1' 'Done. To undo: uninstall-java.ps1'
