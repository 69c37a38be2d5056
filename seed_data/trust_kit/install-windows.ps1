# Segur sandbox - SIMULATION non officielle / unofficial SIMULATION
#
# FR  Ajoute la racine du bac a sable aux autorites racines de confiance de l'utilisateur Windows courant (.NET, WinHTTP,
#     SChannel, Delphi, Edge, Chrome). Windows demande de confirmer : comparez l'empreinte avec celle de README.txt.
#     -LocalMachine : pour tous les utilisateurs et les services (IIS...), en administrateur, sans question.
#     Peut etre relance sans risque ; uninstall-windows.ps1 la retire.
# EN  Adds the sandbox's root to the trusted root authorities of the current Windows user. Windows asks to confirm:
#     compare the fingerprint with that of README.txt. -LocalMachine: for every user and service, as administrator,
#     without a question. May be run again; uninstall-windows.ps1 undoes it.
#
# powershell -ExecutionPolicy Bypass -File install-windows.ps1 [-LocalMachine]
[CmdletBinding()]
param([switch]$LocalMachine)
#include common.ps1
#include windows.ps1

try {
    foreach ($Id in $Roots.Keys) {
        $Certificate = Read-Root $Roots[$Id]
        if (Test-Root $Certificate) {
            Say "Deja dans $Place : $($Certificate.Thumbprint)" "Already in ${Place}: $($Certificate.Thumbprint)"
            continue
        }
        $Store.Add($Certificate)
        if (-not (Test-Root $Certificate)) {
            throw "$($Certificate.Thumbprint): refuse, absent de $Place / refused, not in $Place"
        }
        Say "Ajoute a $Place : $($Certificate.Thumbprint)" "Added to ${Place}: $($Certificate.Thumbprint)"
    }
}
finally {
    $Store.Close()
}
Say 'Termine. Retrait : uninstall-windows.ps1' 'Done. To undo: uninstall-windows.ps1'
