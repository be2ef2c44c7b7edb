# Verifies Pozi sessions with the gem jwt. As a program, ruby verify.rb ISSUER AUDIENCE TENANT CATALOGUE < sessions, it prints
# for each line whether the session allows reading the catalogue: allowed, not allowed or refused.

require "json"
require "jwt"
require "net/http"

ALGORITHM = "ES256" # or RS256, as the service is set up
SESSION = /\A[\w-]+\.[\w-]+\.[\w-]+\z/
GUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/
WORD = /[a-z0-9][a-z0-9_-]*:(?:download|read|write)/
FORMS = {
  "sub" => /\A#{GUID}\.#{GUID}\z/,
  "client_id" => /\A#{GUID}\z/,
  "jti" => /\A#{GUID}\z/,
  "scope" => /\A#{WORD}(?: #{WORD})*\z/,
}.freeze

# Create it once: it keeps the keys. `now` returns seconds since the Unix epoch.
class Verifier
  def initialize(issuer, audience, tenant, now: -> { Time.now.to_i })
    @issuer, @audience, @tenant, @now = issuer, audience, tenant, now
    @keys = Keys.new("#{issuer}/.well-known/jwks.json", now)
  end

  # Returns the claims, or raises JWT::DecodeError.
  def verify(session)
    demand(session.length <= 16_384 && SESSION.match?(session), "not a token")
    # The times are checked below, because the gem has one leeway for all of them.
    options = { algorithms: [ALGORITHM], verify_expiration: false, verify_not_before: false }
    claims, header = JWT.decode(session, nil, true, options) do |header|
      demand(header["typ"] == "at+jwt" && !header.key?("crit"), "not a session")
      demand(header["alg"] == ALGORITHM, "another algorithm")
      @keys.find(header["kid"])
    end
    check(claims)
  end

  private

  def check(claims)
    demand(claims.is_a?(Hash), "not claims")
    demand(claims["iss"] == @issuer && claims["aud"] == @audience, "of another issuer or for another site")
    now, times = @now.call, claims.values_at("exp", "iat") + [claims.fetch("nbf", 0)]
    demand(times.all?(Integer), "no times")
    demand(times[0] > now, "expired")
    demand(times[1..].max <= now + 300, "minted in the future")
    FORMS.each { |name, form| demand(claims[name].is_a?(String) && form.match?(claims[name]), "#{name} has a wrong form") }
    demand(claims["tid"] == @tenant && claims["sub"].start_with?("#{@tenant}."), "for a person of another tenant")
    claims
  end
end

def may_read?(claims, catalogue)
  scope = claims["scope"].split(" ")
  scope.include?("#{catalogue}:read") || scope.include?("#{catalogue}:write")
end

# Keys are fresh for 5 minutes, and are used for a day while the issuer cannot be reached. A fetch that fails or lacks the key
# wanted is not repeated for 30 seconds.
class Keys
  def initialize(url, now)
    @url, @now, @lock = URI(url), now, Mutex.new
    @keys, @fetched, @paused = {}, -Float::INFINITY, -Float::INFINITY
  end

  def find(kid)
    @lock.synchronize do
      if (!within?(300, @fetched) || !@keys.key?(kid)) && !within?(30, @paused)
        fetch
        @paused = @now.call unless @keys.key?(kid)
      end
      demand(within?(86_400, @fetched) && @keys.key?(kid), "an unknown key, or no keys")
      @keys[kid]
    end
  end

  private

  def fetch
    options = { use_ssl: @url.scheme == "https", open_timeout: 5, read_timeout: 5, max_retries: 0 }
    answer = Net::HTTP.start(@url.host, @url.port, **options) { |http| http.get(@url.path) }
    raise "status #{answer.code}" unless answer.is_a?(Net::HTTPOK)

    keys = JSON.parse(answer.body).fetch("keys").to_h { |key| [key.fetch("kid"), JWT::JWK.import(key).keypair] }
    raise "no keys" if keys.empty?

    @keys, @fetched = keys, @now.call
  rescue StandardError => error
    @paused = @now.call
    warn "the keys of sessions cannot be fetched: #{error.message}"
  end

  def within?(seconds, since)
    (0...seconds).cover?(@now.call - since)
  end
end

def demand(condition, message)
  raise JWT::DecodeError, message unless condition
end

if __FILE__ == $PROGRAM_NAME
  issuer, audience, tenant, catalogue = ARGV
  verifier = Verifier.new(issuer, audience, tenant)
  $stdout.sync = true
  $stdin.each_line(chomp: true) do |session|
    puts may_read?(verifier.verify(session), catalogue) ? "allowed" : "not allowed"
  rescue JWT::DecodeError
    puts "refused"
  end
end
