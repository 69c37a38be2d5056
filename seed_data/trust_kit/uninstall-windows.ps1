# Segur sandbox - SIMULATION non officielle / unofficial SIMULATION
#
# FR  Retire des autorites racines de confiance de Windows celles que install-windows.ps1 y a mises, et elles seules.
#     Windows demande de confirmer. -LocalMachine : si elles ont ete installees ainsi, en administrateur.
# EN  Takes away from the trusted root authorities of Windows those that install-windows.ps1 put there, and no other.
#     Windows asks to confirm. -LocalMachine: if they were installed so, as administrator.
#
# powershell -ExecutionPolicy Bypass -File uninstall-windows.ps1 [-LocalMachine]
[CmdletBinding()]
param([switch]$LocalMachine)
#include common.ps1
#include windows.ps1

try {
    foreach ($Id in $Roots.Keys) {
        $Certificate = Read-Root $Roots[$Id]
        if (-not (Test-Root $Certificate)) {
            Say "Absent de $Place : $($Certificate.Thumbprint)" "Not in ${Place}: $($Certificate.Thumbprint)"
            continue
        }
        $Store.Remove($Certificate)
        if (Test-Root $Certificate) {
            throw "$($Certificate.Thumbprint): refuse, encore dans $Place / refused, still in $Place"
        }
        Say "Retire de $Place : $($Certificate.Thumbprint)" "Removed from ${Place}: $($Certificate.Thumbprint)"
    }
}
finally {
    $Store.Close()
}
Say 'Termine.' 'Done.'
