using Fleet.Gateway;
using Fleet.Hosting;

return await ServiceHost.RunAsync(() => GatewayApp.Build(args));
