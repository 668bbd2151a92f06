namespace Fleet.Benchmarks.Gateway;

/// <summary>nginx' configuration files: what all of them have in common. Connections stay open for as long as it takes, nothing is logged, bodies stay in memory.</summary>
internal static class NginxFile
{
    /// <summary>Writes one.</summary>
    /// <param name="folder">Where it goes.</param>
    /// <param name="name">Its name, without an ending.</param>
    /// <param name="http">What is in its http block.</param>
    /// <returns>Its path.</returns>
    public static string Of(string folder, string name, string http)
    {
        var path = Path.Combine(folder, $"{name}.conf");
        var next = path + ".next";
        // Started by root its workers become somebody else, who may not read a folder of ours.
        var user = Environment.IsPrivilegedProcess ? "user root root;" : "";
        File.WriteAllText(next, $$"""
            {{user}}
            worker_processes 1;
            daemon off;
            pid {{folder}}/{{name}}.pid;
            error_log stderr error;
            events { worker_connections 4096; }
            http {
              access_log off;
              default_type text/plain;
              tcp_nodelay on;
              keepalive_requests 1000000000;
              http2_max_concurrent_streams 1000;
              client_max_body_size 0;
              client_body_temp_path {{folder}}/{{name}}-body;
              proxy_temp_path {{folder}}/{{name}}-proxy;
              fastcgi_temp_path {{folder}}/{{name}}-fastcgi;
              uwsgi_temp_path {{folder}}/{{name}}-uwsgi;
              scgi_temp_path {{folder}}/{{name}}-scgi;
              {{http}}
            }
            """);
        File.Move(next, path, overwrite: true);
        return path;
    }
}
