$ErrorActionPreference = 'Stop'

function Say([string]$French, [string]$English) {
    if ((Get-UICulture).TwoLetterISOLanguageName -eq 'fr') { Write-Host $French } else { Write-Host $English }
}

# Les racines, par le debut de leur empreinte SHA-256 / the roots, by the start of their SHA-256 fingerprint
$Roots = [ordered]@{
@ENTRIES@
}
