# Verifies the sessions of standard input at the times before them, with the example beside this file: each line is seconds
# since the Unix epoch, a space and a session. Prints the verdict on each.

require_relative "verify"

issuer, audience, tenant, catalogue = ARGV
now = 0
verifier = Verifier.new(issuer, audience, tenant, now: -> { now })
$stdout.sync = true
$stdin.each_line(chomp: true) do |line|
  seconds, session = line.split(" ", 2)
  now = Integer(seconds)
  puts may_read?(verifier.verify(session), catalogue) ? "allowed" : "not allowed"
rescue JWT::DecodeError
  puts "refused"
end
