// Part of a Program.cs of a web application, with Microsoft.AspNetCore.Authentication.JwtBearer. No test runs it.
// `issuer`, `audience` and `tenant` are yours, as in the other examples.
builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(options =>
{
    options.Authority = issuer; // the keys are found through /.well-known/openid-configuration
    options.MapInboundClaims = false;
    options.TokenValidationParameters = new TokenValidationParameters
    {
        ValidIssuer = issuer,
        ValidAudience = audience,
        ValidAlgorithms = new[] { "ES256" },
        ValidTypes = new[] { "at+jwt" },
        RequireExpirationTime = true,
        RequireSignedTokens = true,
        ClockSkew = TimeSpan.Zero,
    };
    options.Events = new JwtBearerEvents
    {
        OnTokenValidated = context =>
        {
            if (context.Principal?.FindFirst("tid")?.Value != tenant) context.Fail("for a person of another tenant");
            return Task.CompletedTask;
        },
        OnMessageReceived = context =>
        {
            var session = context.Request.Headers["X-Pozi-Session"];
            if (session.Count > 1) context.Fail("two sessions");
            else if (session.Count == 1) context.Token = session[0];
            return Task.CompletedTask;
        },
    };
});
builder.Services.AddAuthorization(options => options.AddPolicy("planning:read", policy => policy.RequireAssertion(context =>
    (context.User.FindFirst("scope")?.Value ?? "").Split(' ').Any(scope => scope is "planning:read" or "planning:write"))));
