# Google's library for Ruby as anybody would use it: nothing about credentials, projects or endpoints is said here.
#
# client.rb token | identity AUDIENCE | ls BUCKET [PREFIX] | get BUCKET KEY | put BUCKET KEY
#           | loop-get BUCKET KEY SECONDS
# One JSON line on stdout; exit 0, 3 when access was denied, 1 for everything else.
require "erb"
require "googleauth"
require "json"
require "net/http"

STORAGE = URI("https://storage.googleapis.com")
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
PAUSE_SECONDS = 0.25

class Refused < StandardError
  attr_reader :status

  def initialize(answer)
    @status = answer.code.to_i
    super("#{answer.code} #{answer.body}")
  end
end

CREDENTIALS = Google::Auth.get_application_default([SCOPE])

def ask(request)
  CREDENTIALS.apply!(headers = {})
  request["Authorization"] = headers[:authorization]
  answer = Net::HTTP.start(STORAGE.host, STORAGE.port, use_ssl: true) { |http| http.request(request) }
  raise Refused, answer unless answer.is_a?(Net::HTTPSuccess)

  answer.body
end

def path(bucket, key = nil)
  objects = "/storage/v1/b/#{bucket}/o"
  key ? "#{objects}/#{ERB::Util.url_encode(key)}" : objects
end

def get(bucket, key)
  ask(Net::HTTP::Get.new("#{path(bucket, key)}?alt=media"))
end

def loop_get(bucket, key, seconds)
  tokens = []
  reads = errors = 0
  first = nil
  finish = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds.to_f
  while Process.clock_gettime(Process::CLOCK_MONOTONIC) < finish
    begin
      get(bucket, key)
      reads += 1
      tokens |= [CREDENTIALS.access_token]
    rescue StandardError => error
      errors += 1
      first ||= code(error)
    end
    sleep PAUSE_SECONDS
  end
  { reads: reads, errors: errors, tokens: tokens.size, firstError: first }
end

def run(verb, args)
  case verb
  when "token"
    CREDENTIALS.fetch_access_token!
    { token: CREDENTIALS.access_token, expiresIn: (CREDENTIALS.expires_at - Time.now).round }
  when "identity"
    # Its own way to an identity token, which get_application_default has no words for.
    { token: Google::Auth::GCECredentials.new(target_audience: args[0]).fetch_access_token!["id_token"] }
  when "ls"
    query = args[1] ? "?prefix=#{ERB::Util.url_encode(args[1])}" : ""
    listing = JSON.parse(ask(Net::HTTP::Get.new("#{path(args[0])}#{query}")))
    { keys: (listing["items"] || []).map { |item| item["name"] } }
  when "get" then { body: get(*args) }
  when "put"
    query = URI.encode_www_form(uploadType: "media", name: args[1])
    request = Net::HTTP::Post.new("/upload#{path(args[0])}?#{query}", "Content-Type" => "text/plain")
    request.body = "put by ruby"
    ask(request)
    { put: args[1] }
  when "loop-get" then loop_get(*args)
  else raise ArgumentError, "unknown verb #{verb}"
  end
end

def code(error)
  error.is_a?(Refused) && error.status == 403 ? "AccessDenied" : error.class.name
end

begin
  result = run(ARGV[0], ARGV.drop(1))
  puts JSON.generate(result)
  exit(1) if result.fetch(:errors, 0).positive?
rescue StandardError => error
  puts JSON.generate(error: code(error), message: error.message)
  exit(code(error) == "AccessDenied" ? 3 : 1)
end
