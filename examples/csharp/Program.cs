// Part of a Program.cs of a web application, with Microsoft.AspNetCore.Authentication.JwtBearer. No test runs it.
// `issuer`, `audience` and `tenant` are yours, as in the other examples.
const string guid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const string word = "[a-z0-9][a-z0-9_-]*:(download|read|write)";
var forms = new Dictionary<string, string>
{
    ["sub"] = $@"{guid}\.{guid}",
    ["client_id"] = guid,
    ["jti"] = guid,
    ["scope"] = $"{word}( {word})*",
};
builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(options =>
{
    // The keys are found through this document, renewed, and kept while the issuer cannot be reached, also longer than a day.
    options.MetadataAddress = $"{issuer}/.well-known/oauth-authorization-server";
    options.AutomaticRefreshInterval = TimeSpan.FromMinutes(5);
    options.RefreshInterval = TimeSpan.FromSeconds(30);
    options.MapInboundClaims = false;
    options.TokenValidationParameters = new TokenValidationParameters
    {
        ValidIssuer = issuer,
        ValidAudience = audience,
        ValidAlgorithms = new[] { "ES256" }, // or RS256, as the service is set up
        ValidTypes = new[] { "at+jwt" },
        TryAllIssuerSigningKeys = false,
        LifetimeValidator = (begins, expires, token, _) =>
        {
            var issued = ((JsonWebToken)token).IssuedAt; // the earliest time, if there is none
            var latest = DateTime.UtcNow.AddMinutes(5);
            return expires > DateTime.UtcNow && issued > DateTime.UnixEpoch && issued <= latest && (begins ?? issued) <= latest;
        },
    };
    options.Events = new JwtBearerEvents
    {
        OnMessageReceived = context =>
        {
            var session = context.Request.Headers["X-Pozi-Session"];
            if (session.Count > 1) context.Fail("two sessions");
            else if (session.Count == 1) context.Token = session[0];
            return Task.CompletedTask;
        },
        OnTokenValidated = context =>
        {
            var token = (JsonWebToken)context.SecurityToken;
            bool HasForm(string name, string form) => token.TryGetPayloadValue<string>(name, out var value)
                && value is not null && Regex.IsMatch(value, $@"\A{form}\z");
            if (token.TryGetHeaderValue<object>("crit", out _)
                || token.Audiences.Count() != 1
                || !forms.All(form => HasForm(form.Key, form.Value))
                || !HasForm("tid", Regex.Escape(tenant))
                || !token.Subject.StartsWith(tenant + ".", StringComparison.Ordinal))
            {
                context.Fail("not a session");
            }
            return Task.CompletedTask;
        },
    };
});
builder.Services.AddAuthorization(options => options.AddPolicy("planning:read", policy => policy.RequireAssertion(context =>
    (context.User.FindFirst("scope")?.Value ?? "").Split(' ').Any(scope => scope is "planning:read" or "planning:write"))));
