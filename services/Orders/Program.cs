using Fleet.Hosting;
using Fleet.Orders;

return await ServiceHost.RunAsync(() => OrdersApp.Build(args));
