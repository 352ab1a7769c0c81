/** The first configuration: watches what every machine has, needs no internet, and shows how to add one's own. */
export const STARTER = `# Tocsin's configuration. Save it and the change is taken over at once; \`tocsin lint\` checks it before.
# Every key is explained in docs/configuration.md, every type by \`tocsin types TYPE\`.

name: My machines
listen: 127.0.0.1:2930        # the page; \`off\` for none
# timezone: Europe/Berlin     # of schedules and messages; this machine's by default
# url: https://tocsin.example.com/   # the page as others reach it, for links in messages

defaults:                     # of every check below
  every: 30s
  timeout: 5s
  failAfter: 2                # consecutive failing runs before it is down and somebody is told
  notify: [log]

channels:
  log: {type: log}            # a line in Tocsin's own log
  # ops:
  #   type: email
  #   to: [ops@example.com]
  #   from: tocsin@example.com
  #   smtp: {host: mail.example.com, port: 587, user: tocsin, password: "\${env:SMTP_PASSWORD}"}
  # chat:
  #   type: webhook
  #   url: "\${file:chat.url}"

checks:
  port:
    type: tcp
    host: 127.0.0.1
    port: 2930
    description: The port of Tocsin's own page

  page:
    type: http
    url: http://127.0.0.1:2930/healthz
    every: 10s
    depends: [port]           # when the port is down, only that is told
    warn: {latency: "< 1s"}   # slower: degraded
    description: Tocsin's own page

  disk:
    type: script              # any Nagios plugin, or a program that follows its conventions
    command:
      - sh
      - -c
      - |-
        df -P / | awk 'NR == 2 { used = $5 + 0; print "/ is " used "% full | used=" used "%;85;95"; exit (used >= 95 ? 2 : used >= 85 ? 1 : 0) }'
    every: 1m
    description: Room on the root file system

  itself:
    type: group               # well when all of its members are
    members: [port, page]
    notify: []                # its members tell already
    description: Tocsin itself

  # Your own: take away the # and put your names in.

  # shop:
  #   type: http
  #   url: https://shop.example.com/
  #   expect: {status: 200-299, body: /Welcome/}              # not met: down
  #   warn: {latency: "< 800ms", certificate.days: "> 14"}    # not met: degraded
  #   tags: [public]
  #   notify:
  #     - {after: 1, to: [ops]}                  # at the run that makes it down
  #     - {after: 10m, to: [chat], repeat: 1h}   # when it lasts

  # router: {type: icmp, host: 192.0.2.1, every: 10s}

  # names: {type: dns, name: example.com, record: MX, answers: [10 mail.example.com]}

  # backup:                   # calls Tocsin when it is done, and is told of when it does not
  #   type: push
  #   within: 25h
  #   token: "\${file:backup.token}"              # made with: openssl rand -hex 20

# maintenance:                # nobody is told of outages that begin and end in such a time
#   - {name: patch night, checks: [shop], weekly: sun 02:00, for: 2h}
`;
