using Xunit;

namespace Example;

public class ProductTest
{
    [Fact]
    public async Task ARefusalSaysWhereAndHowToMendIt()
    {
        await using var world = await SegurWorld.CreateAsync();
        // Stands for the product under test: replace it by a call of yours.
        using var product = world.As("hospital");
        var answer = await product.PostAsync(world.Url("dmp", "patients"), new StringContent("<not-soap/>"));
        Assert.Equal(500, (int)answer.StatusCode);
        var exchange = await world.AwaitAsync(new { outcome = "refused" });
        var finding = exchange.GetProperty("verdict").GetProperty("findings")[0];
        Assert.Equal("DMP-SOAP-ENVELOPE", finding.GetProperty("rule").GetString());
        Assert.Equal("/not-soap", finding.GetProperty("where").GetString());
        Assert.Contains("Envelope", finding.GetProperty("mend").GetProperty("en").GetString());
    }

    [Fact]
    public async Task SixMonthsPassInOneCall()
    {
        await using var world = await SegurWorld.CreateAsync();
        var clock = await world.AdvanceAsync("P6M");
        var business = clock.GetProperty("business").GetString();
        Assert.True(string.CompareOrdinal(business, clock.GetProperty("wire").GetString()) > 0);
    }
}
