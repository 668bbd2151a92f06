using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace Fleet.Benchmarks.Report;

/// <summary>A plot per family, as SVG: of everything that is compared, how many times the other ours is. One is the same; the axis is logarithmic, so twice and half are as far from it.</summary>
internal static class Plots
{
    private const double Width = 860, PerRow = 26, Margins = 110;

    private static readonly OxyColor Better = OxyColor.FromRgb(0x2e, 0x7d, 0x52), Worse = OxyColor.FromRgb(0xb3, 0x5c, 0x1e);

    /// <summary>Writes <c>FAMILY.svg</c> for each family that compares anything.</summary>
    public static void Write(Results results, string folder)
    {
        foreach (var family in results.Rows.Where(r => r.Ratio > 0).GroupBy(r => r.Family))
            File.WriteAllText(Path.Combine(folder, $"{family.Key}.svg"), Svg(family.Key, [.. family]));
    }

    internal static string Svg(string title, IReadOnlyList<Row> rows)
    {
        // Bars grow from the bottom: the first row is to stand at the top.
        Row[] upwards = [.. rows.Reverse()];
        var plot = new PlotModel
        {
            Title = $"{title}: ours, as a multiple of the other", TitleFontSize = 14, TitleFontWeight = FontWeights.Normal, Background = OxyColors.White, DefaultFont = "sans-serif", DefaultFontSize = 12,
        };
        plot.Legends.Add(new Legend { LegendPosition = LegendPosition.BottomCenter, LegendPlacement = LegendPlacement.Outside, LegendOrientation = LegendOrientation.Horizontal });
        var names = new CategoryAxis { Position = AxisPosition.Left, GapWidth = 0.3 };
        names.Labels.AddRange(upwards.Select(r => $"{r.Group}: {r.What} / {r.OtherName}"));
        plot.Axes.Add(names);
        var most = Math.Max(2, rows.Max(r => Math.Max(r.Ratio!.Value, 1 / r.Ratio.Value))) * 1.4;
        plot.Axes.Add(new LogarithmicAxis { Position = AxisPosition.Bottom, Minimum = 1 / most, Maximum = most, Base = 2, MajorGridlineStyle = LineStyle.Solid, MajorGridlineColor = OxyColors.LightGray, StringFormat = "0.##" });
        foreach (var (said, colour, better) in ((string, OxyColor, bool)[])[("better than the other", Better, true), ("worse", Worse, false)])
        {
            var bars = new BarSeries { Title = said, FillColor = colour, BaseValue = 1, IsStacked = true, LabelFormatString = "{0:0.00} ×", LabelPlacement = LabelPlacement.Outside };
            for (var i = 0; i < upwards.Length; i++)
            {
                if (upwards[i].MoreIsBetter ? upwards[i].Ratio >= 1 == better : upwards[i].Ratio <= 1 == better)
                    bars.Items.Add(new(upwards[i].Ratio!.Value, i));
            }

            plot.Series.Add(bars);
        }

        return SvgExporter.ExportToString(plot, Width, (rows.Count * PerRow) + Margins, isDocument: true, textMeasurer: null, useVerticalTextAlignmentWorkaround: false).ReplaceLineEndings("\n");
    }
}
