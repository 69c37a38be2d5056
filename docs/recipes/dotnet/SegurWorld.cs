using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Example;

/// <summary>A world of the Segur sandbox for one test; all it knows comes from environment variables and HTTP.</summary>
public sealed class SegurWorld : IAsyncDisposable
{
    private static readonly HttpClient Control = NewControl();
    private readonly JsonElement described;

    private SegurWorld(JsonElement described) => this.described = described;

    public string Name => described.GetProperty("name").GetString()!;

    /// <summary>Structures with their certificates as PEM texts, patients, professionals, addresses.</summary>
    public static async Task<SegurWorld> CreateAsync()
    {
        var name = "dotnet-" + Guid.NewGuid().ToString("N")[..8];
        return new SegurWorld(await CallAsync(HttpMethod.Post, "worlds", new { name, certificates = true }));
    }

    /// <summary>One address of a simulator in this world.</summary>
    public Uri Url(string service, string name) =>
        new(described.GetProperty("services").GetProperty(service).GetProperty(name).GetString()!);

    /// <summary>An HTTP client that speaks as one structure of the world.</summary>
    public HttpClient As(string slug)
    {
        var structure = described.GetProperty("structures").EnumerateArray().First(s => s.GetProperty("slug").GetString() == slug);
        var pem = structure.GetProperty("certificates").GetProperty("pem").GetProperty("auth_cli");
        using var ephemeral = X509Certificate2.CreateFromPem(
            pem.GetProperty("certificate").GetString(), pem.GetProperty("key").GetString());
        // Schannel does not take a key that is in no store: the round by PKCS#12 gives it one.
        var own = new X509Certificate2(ephemeral.Export(X509ContentType.Pkcs12));
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(Environment.GetEnvironmentVariable("SEGUR_ROOTS")!);
        var options = new SslClientAuthenticationOptions
        {
            ClientCertificates = new X509CertificateCollection { own },
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            },
        };
        options.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        return new HttpClient(new SocketsHttpHandler { SslOptions = options });
    }

    /// <summary>The exchange that matches, with its verdict; throws with the near misses otherwise.</summary>
    public async Task<JsonElement> AwaitAsync(object expect, int seconds = 30)
    {
        var told = await CallAsync(HttpMethod.Post, $"worlds/{Name}/exchanges/wait", new { since = 0, timeout = seconds, expect });
        var exchange = told.GetProperty("exchange");
        return exchange.ValueKind != JsonValueKind.Null
            ? exchange
            : throw new InvalidOperationException($"nothing matched: {told.GetProperty("near")}");
    }

    /// <summary>Moves business time, for instance by P6M; both times afterwards.</summary>
    public Task<JsonElement> AdvanceAsync(string period) =>
        CallAsync(HttpMethod.Post, $"worlds/{Name}/clock", new { advance = period });

    public async ValueTask DisposeAsync() => await CallAsync(HttpMethod.Delete, $"worlds/{Name}", new { });

    private static async Task<JsonElement> CallAsync(HttpMethod method, string path, object body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body) };
        using var answer = await Control.SendAsync(request);
        var told = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return answer.IsSuccessStatusCode ? told : throw new InvalidOperationException($"{method} {path}: {told}");
    }

    private static HttpClient NewControl()
    {
        var client = new HttpClient { BaseAddress = new Uri(Environment.GetEnvironmentVariable("SEGUR_CONTROL_URL") + "/") };
        var token = Environment.GetEnvironmentVariable("SEGUR_TOKEN");
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }
}
