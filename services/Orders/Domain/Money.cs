namespace Fleet.Orders;

/// <summary>An amount in the smallest unit of its currency. Amounts are whole numbers: nothing is ever rounded, and what does not fit is refused.</summary>
/// <param name="Currency">ISO 4217.</param>
/// <param name="MinorUnits">Cents for EUR, yen for JPY.</param>
public readonly record struct Money(string Currency, long MinorUnits)
{
    // ISO 4217, list one: the currencies in use, without funds, metals and test codes.
    private static readonly HashSet<string> Currencies =
    [
        .. """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK
        DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS
        KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD
        OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP
        TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
        """.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries),
    ];

    /// <summary>Whether this is the code of a currency in use.</summary>
    public static bool IsCurrency(string code) => Currencies.Contains(code);

    /// <summary>The sum of items of one currency; null when it does not fit into 64 bits.</summary>
    public static Money? Sum(IEnumerable<OrderItem> items)
    {
        string currency = "";
        Int128 sum = 0;
        foreach (var item in items)
        {
            currency = item.UnitPrice.Currency;
            // Neither factor has more than 64 bits, and there are few items.
            sum += (Int128)item.UnitPrice.MinorUnits * item.Quantity;
        }

        return sum >= long.MinValue && sum <= long.MaxValue ? new Money(currency, (long)sum) : null;
    }
}

/// <summary>A position of an order.</summary>
/// <param name="Sku">What is ordered.</param>
/// <param name="Quantity">How many.</param>
/// <param name="UnitPrice">The price of one.</param>
public sealed record OrderItem(string Sku, int Quantity, Money UnitPrice);
