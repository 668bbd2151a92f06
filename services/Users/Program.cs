using Fleet.Hosting;
using Fleet.Users;

return await ServiceHost.RunAsync(() => UsersApp.Build(args));
