using Fleet.Auth;
using Fleet.Hosting;

return await ServiceHost.RunAsync(() => AuthApp.Build(args));
