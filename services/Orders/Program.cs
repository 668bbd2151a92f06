await Microsoft.AspNetCore.Builder.WebApplication.Create(args).RunAsync();
