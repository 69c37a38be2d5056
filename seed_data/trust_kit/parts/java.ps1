$Keytool = if ($env:JAVA_HOME) { Join-Path (Join-Path $env:JAVA_HOME 'bin') 'keytool' } else { 'keytool' }
if (-not (Get-Command $Keytool -ErrorAction SilentlyContinue)) {
    throw "$Keytool est introuvable : indiquez JAVA_HOME / is not to be found: set JAVA_HOME"
}

# Windows PowerShell takes what a program writes to its error output for a failure; only its exit code says so.
function Invoke-Tool([string]$Tool, [string[]]$Arguments) {
    $ErrorActionPreference = 'Continue'
    $Said = & $Tool @Arguments 2>&1 | ForEach-Object { "$_" } | Out-String
    [pscustomobject]@{ Code = $LASTEXITCODE; Said = $Said }
}

if (-not $Keystore) {
    $Java = Join-Path (Split-Path (Get-Command $Keytool | Select-Object -First 1).Source) 'java'
    $Shown = (Invoke-Tool $Java @('-XshowSettings:properties', '-version')).Said
    if ($Shown -notmatch 'java\.home = ([^\r\n]+)') { throw "$Java : java.home ?" }
    $Keystore = Join-Path (Join-Path (Join-Path $Matches[1].Trim() 'lib') 'security') 'cacerts'
    if (-not (Test-Path -LiteralPath $Keystore)) { throw "$Keystore : absent ; -Keystore / not there; give -Keystore" }
}
$Access = @('-keystore', $Keystore, '-storepass', $StorePass)

function Test-Alias([string]$Alias) {
    (Invoke-Tool $Keytool (@('-list', '-alias', $Alias) + $Access)).Code -eq 0
}

# Un mauvais mot de passe ne doit pas passer pour un magasin vide / a wrong password must not look like an empty store
function Assert-Store {
    $Opened = Invoke-Tool $Keytool (@('-list') + $Access)
    if ($Opened.Code -ne 0) { throw "$Keystore ne s'ouvre pas / does not open (-StorePass ?): $($Opened.Said)" }
}
