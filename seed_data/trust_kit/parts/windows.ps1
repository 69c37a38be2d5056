$Scope = if ($LocalMachine) { 'LocalMachine' } else { 'CurrentUser' }
$Place = "Cert:\$Scope\Root"
$Store = New-Object System.Security.Cryptography.X509Certificates.X509Store('Root', $Scope)
try {
    $Store.Open('ReadWrite')
}
catch {
    throw "${Place}: acces refuse, relancez en administrateur / access denied, run again as administrator. $_"
}

function Read-Root([string]$Base64) {
    $Bytes = [Convert]::FromBase64String($Base64)
    New-Object System.Security.Cryptography.X509Certificates.X509Certificate2 -ArgumentList @(, $Bytes)
}

function Test-Root($Certificate) {
    $Store.Certificates.Find('FindByThumbprint', $Certificate.Thumbprint, $false).Count -gt 0
}
