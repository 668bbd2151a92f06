using System.Diagnostics.CodeAnalysis;

[assembly: UnconditionalSuppressMessage(
    "Trimming", "IL2026", Scope = "module", Justification = "The lengths of DataAnnotations are read for the CRD's schema; nothing is validated by their reflection.")]
