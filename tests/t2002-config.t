#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Where a server is and who we are to it: precedence, files, secrets.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# nothing of the caller's surroundings
for v in $(env | sed -n 's/^\(\(AWS\|DCOR\|DCLAB\)_[A-Z0-9_]*\)=.*/\1/p') \
    CURL_CA_BUNDLE SSL_CERT_FILE; do
	unset "$v"
done
umask 077
conf=$XDG_CONFIG_HOME/dcor
mkdir -p "$conf" .aws sys
: >every

# site ARGUMENT...: out, err, rc; all that was ever said in every
with=	# variables for the next call
site() {
	env $with "$B/tests/site" -S "$tmp/sys/config.yaml" "$@" >out 2>err
	rc=$? with=
	cat out err >>every
}
got() { sed -n "s/^$1	//p" out | tail -n 1; }
sha() { printf %s "$1" | sha256sum | cut -d' ' -f1; }
has() { is "$1" "$(got "$2")" "$3"; }
fails() {	# NAME STATUS MESSAGE
	is "$1" "$rc:$(cat err)" "$2:site: $3"
}
keys() {	# NAME ID: the keys of that id were found
	has "$1" id "$2"
	has "$1: its secret" secret "$(sha "hidden-$2")"
}

# nothing
site
is 'nothing is said: status' "$rc:$(cat err)" '0:'
has 'default region' region us-east-1
has 'default addressing' addressing path
has 'no endpoint' endpoint -
has 'anonymous' id -
site -k
fails 'no credentials' 77 "no credentials: not in AWS_ACCESS_KEY_ID, \
the files of aws [default]"

# the five levels of a value, highest last; each is removed by subshell
cat >sys/config.yaml <<'END'
default-profile: one
profiles:
  one:
    server: https://system.example
    ca-file: ca.pem
    s3: {endpoint: 'https://system.example/s3/', region: system}
  two: {s3: {endpoint: 'http://two.example:81'}}
END
site
has 'system: default-profile' profile one
has 'system: endpoint' endpoint https://system.example/s3
has 'system: region' region system
has 'system: a file beside it' ca "$tmp/sys/ca.pem"
cat >"$conf/config.yaml" <<'END'
profiles:
  one: {s3: {endpoint: https://user.example, addressing: virtual}}
END
site
has 'user before system' endpoint https://user.example
has 'one value, one winner' region system
has 'user: addressing' addressing virtual
has 'system: server' server https://system.example
site -p two
has 'profile on the command line' endpoint http://two.example:81
DCOR_PROFILE=two; export DCOR_PROFILE
site
has 'profile in the environment' profile two
site -p one
has 'the command line wins' profile one
unset DCOR_PROFILE
n=0 last=https://user.example
for v in DCLAB_S3_ENDPOINT_URL AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 \
    DCOR_S3_ENDPOINT; do
	n=$((n + 1)) last=https://e$n.example
	export "$v=$last"
	site
	has "endpoint: $v" endpoint "$last"
done
site -e https://line.example -r line -a path
has 'endpoint: command line' endpoint https://line.example
has 'region: command line' region line
has 'addressing: command line' addressing path
unset DCLAB_S3_ENDPOINT_URL AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 \
    DCOR_S3_ENDPOINT
for v in AWS_DEFAULT_REGION AWS_REGION DCOR_S3_REGION; do
	export "$v=r-$v"
	site
	has "region: $v" region "r-$v"
done
unset AWS_DEFAULT_REGION AWS_REGION DCOR_S3_REGION
with='DCOR_S3_ADDRESSING=path'; site
has 'addressing: environment' addressing path
# authorities: the profile is before the environment
with='DCOR_CA_BUNDLE=d'; site
has 'ca: profile' ca "$tmp/sys/ca.pem"
site -C line.pem
has 'ca: command line' ca line.pem
for v in SSL_CERT_FILE AWS_CA_BUNDLE CURL_CA_BUNDLE DCOR_CA_BUNDLE; do
	export "$v=$v.pem"
	site -c ''
	has "ca: $v" ca "$v.pem"
done
unset SSL_CERT_FILE AWS_CA_BUNDLE CURL_CA_BUNDLE DCOR_CA_BUNDLE

# -c
for v in '' /dev/null; do
	site -c "$v"
	has "-c '$v': no file" endpoint -
	DCOR_CONFIG=$v; export DCOR_CONFIG
	site
	has "DCOR_CONFIG='$v': no file" endpoint -
	unset DCOR_CONFIG
done
printf 'default-profile: x\nprofiles: {x: {s3: {endpoint: http://x}}}\n' >c
site -c c
has '-c: that file' endpoint http://x
has '-c: that file alone' server -
with='DCOR_CONFIG=c'; site -c "$conf/config.yaml" -p one
has '-c before DCOR_CONFIG' endpoint https://user.example
site -c none
fails '-c: no such file' 78 'none: No such file or directory'
site -p none
fails 'no such profile' 78 "profile none: not in $conf/config.yaml"

site -c "$top/share/config.yaml"
has 'the example' endpoint https://objectstore.hpccloud.mpcdf.mpg.de
site -c "$top/share/config.yaml" -p lab
fails 'the example: a command that is not there' 78 'credential-command of '\
'profile lab: pass-keys: No such file or directory'

# files that are wrong
bad() {	# NAME TEXT MESSAGE
	printf %b "$2" >c
	site -c c
	fails "$1" 78 "c:$3"
}
bad 'unknown key' 'profiles:\n  x:\n    sever: y\n' \
    '3: sever: no such setting'
bad 'unknown key at the top' 'profile: x\n' '1: profile: no such setting'
bad 'unknown key in s3' 'profiles: {x: {s3: {\n end: y}}}\n' \
    '2: end: no such setting'
bad 'a secret' 'profiles:\n x:\n  s3:\n   secret-access-key: hidden-c\n' \
    '4: secret-access-key: no place for a secret; it goes into ./credentials,'\
' mode 600'
bad 'a token' 'profiles:\n x:\n  token: hidden-c\n' \
    '3: token: no place for a secret; it goes into a file of mode 600 that '\
'token-file names'
bad 'duplicate' 'profiles:\nprofiles:\n' \
    '2: profiles: a second time, after line 1'
bad 'not a text' 'default-profile: x\nprofiles: {x: {s3: {region: [1]}}}\n' \
    '2: region: not a text'
for e in ftp://h h https:// https:///p 'https://u:hidden-c@h' 'https://h?q=1' \
    'https://h/a b' https://:80; do
	site -e "$e"
	fails "endpoint $e" 78 \
	    'endpoint: not of the form https://HOST[:PORT][/PREFIX]'
done
site -r a/b
fails 'region' 78 'region: a/b: not a name of a region'
site -a host
fails 'addressing' 78 'addressing: host: neither path nor virtual'

# our own credentials
rm sys/config.yaml
cat >"$conf/config.yaml" <<'END'
profiles:
  one: {s3: {endpoint: https://user.example}}
  other: {s3: {credentials-file: other.cred}}
  home: {s3: {credentials-file: ~/home.cred}}
  cmd: {s3: {credential-command: [sh, -c, 'cat cmd.json; cat >&2', x]}}
  both: {s3: {credential-command: [x], credentials-file: x}}
  bad: {s3: {credential-command: [/nonexistent, hidden-c]}}
  fails: {s3: {credential-command: [sh, -c, 'exit 3', hidden-c]}}
  killed: {s3: {credential-command: [sh, -c, 'kill -9 $$']}}
  endless: {s3: {credential-command: ['yes', hidden-c]}}
  aws: {s3: {endpoint: https://aws.example, aws-profile: third}}
END
cat >"$conf/credentials" <<'END'
one: {access-key-id: ONE, secret-access-key: hidden-ONE,
  session-token: hidden-token}
half: {access-key-id: HALF}
END
cp "$conf/credentials" home.cred
sed 's/^one/other/; s/ONE/OTHER/g' "$conf/credentials" >"$conf/other.cred"
site -p one
keys 'credentials beside the configuration' ONE
has 'token' token "$(sha hidden-token)"
has 'origin' origin "$conf/credentials [one]"
site -p other
keys 'credentials-file' OTHER
site -kp home
fails 'credentials-file without the profile' 77 "$tmp/home.cred"
chmod 640 "$conf/credentials"
site -p one
fails 'readable by others' 77 "$conf/credentials: readable by others; \
chmod 600 $conf/credentials"
chmod 600 "$conf/credentials"
printf 'one: {access-key-id: ONE}\n' >"$conf/credentials"
site -p one
fails 'half of the keys' 77 "$conf/credentials [one]: an access key id is \
there, but its secret key is missing"
printf 'one: {secret-access-key: hidden-ONE}\n' >"$conf/credentials"
site -p one
fails 'the other half' 77 "$conf/credentials [one]: a secret key is there, \
but its access key id is missing"
printf 'one: {access-key: ONE}\n' >"$conf/credentials"
site -p one
fails 'unknown key in credentials' 78 \
    "$conf/credentials:1: access-key: no such setting"
printf 'one: {access-key-id: O, secret-access-key: "hidden-x\\n"}\n' \
    >"$conf/credentials"
site -p one
fails 'a newline in a key' 78 \
    "$conf/credentials [one]: blanks or odd bytes in a key"
printf 'one: {access-key-id: &hidden-x O}\n' >"$conf/credentials"
site -p one
fails 'credentials that are no YAML' 78 \
    "$conf/credentials:1: anchors (&) are not allowed"
rm "$conf/credentials"
printf 'one: {access-key-id: SYS, secret-access-key: hidden-SYS}\n' \
    >sys/credentials
site -p one
keys 'credentials beside the configuration of the system' SYS
printf 'one: {access-key-id: USR, secret-access-key: hidden-USR}\n' \
    >"$conf/credentials"
site -p one
keys 'those of the user come first' USR
rm "$conf/credentials" sys/credentials

# keys in the environment
export DCLAB_S3_ACCESS_KEY_ID=D DCLAB_S3_SECRET_ACCESS_KEY=hidden-D
site -p other
keys 'environment: dclab' D
export AWS_ACCESS_KEY_ID=A
site
fails 'half of the keys, environment' 77 'AWS_ACCESS_KEY_ID: an access key '\
'id is there, but its secret key is missing'
export AWS_SECRET_ACCESS_KEY=hidden-A AWS_SESSION_TOKEN=hidden-T
site -p other
keys 'environment: AWS' A
has 'environment: token' token "$(sha hidden-T)"
has 'environment: origin' origin AWS_ACCESS_KEY_ID

# with everything there no file is looked at
if command -v strace >/dev/null 2>&1 && strace -o /dev/null true; then
	export ASAN_OPTIONS=detect_leaks=0	# cannot, under strace
	strace -f -e trace=open,openat -o trace "$B/tests/site" -k \
	    -e https://e.example -r r >out 2>err
	is 'no file is needed: id' "$(got id)" A
	is 'no file is opened' "$(grep -E '\.aws|dcor/c' trace)" ''
	strace -f -e trace=open,openat -o trace "$B/tests/site" -k >out
	ok 'the same, seen to be opened' grep -q 'dcor/config.yaml' trace
	unset ASAN_OPTIONS
else
	skip 'no file is opened' 'no strace'
fi
unset DCLAB_S3_ACCESS_KEY_ID DCLAB_S3_SECRET_ACCESS_KEY AWS_ACCESS_KEY_ID \
    AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN

# commands
answer() {	# ID EXPIRATION
	printf '{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": '"\
"'"hidden-%s", "Expiration": "%s"}\n' "$1" "$1" "$2"
}
answer C 2999-01-01T00:00:00Z >cmd.json
site -p cmd
keys 'credential-command' C
has 'command: origin' origin 'credential-command of profile cmd'
is 'command: stdin is empty, stderr ours' "$(cat err)" ''
answer C 1999-01-01T00:00:00Z >cmd.json
site -p cmd
fails 'keys that ended' 77 'credential-command of profile cmd: the '\
'credentials ended at 1999-01-01T00:00:00Z'
for j in '{"Version": 2}' '{"AccessKeyId": "x"}' '[]'; do
	printf %s "$j" >cmd.json
	site -p cmd
	fails "command: $j" 78 'credential-command of profile cmd: the '\
'answer is not of Version 1'
done
echo '{"Version": 1}' >cmd.json
site -p cmd
fails 'command: no keys' 77 \
    'credential-command of profile cmd: the answer has no keys'
echo 'hidden-c is not JSON' >cmd.json
site -p cmd
fails 'command: no JSON' 78 \
    'credential-command of profile cmd: the answer is not JSON'
site -p both
fails 'command and file' 78 "$conf/config.yaml:6: credential-command: and \
credentials-file; one of them is enough"
site -p bad
fails 'no such command' 78 'credential-command of profile bad: '\
'/nonexistent: No such file or directory'
site -p fails
fails 'command fails' 77 \
    'credential-command of profile fails: sh: exit status 3'
site -p killed
fails 'command dies' 77 \
    'credential-command of profile killed: sh: killed by signal 9'
site -p endless
fails 'command without end' 65 'credential-command of profile endless: '\
'yes: answers more than 65536 bytes'

# the files of AWS
cat >.aws/config <<'END'
# comment
[default]
region = d-1
[profile "third"]
region = t-1
endpoint_url = https://third.example
s3 =
    addressing_style = virtual
    # comment
    max_concurrent_requests = 5
ca_bundle = third.pem
[services mine]
s3 =
  endpoint_url = https://services.example
[profile svc]
services = mine
endpoint_url = https://other.example
[profile proc]
credential_process = sh -c 'cat "$0" #; true' "cmd.json"
[profile quote]
credential_process = sh -c 'hidden-c
[profile sso]
sso_session = x
[profile role]
role_arn = arn:aws:iam::1:role/x
source_profile = default
[profile inconf]
aws_access_key_id = IN
aws_secret_access_key = hidden-IN
END
cat >.aws/credentials <<'END'
[default]
aws_access_key_id = DEF
aws_secret_access_key = hidden-DEF
[third]
AWS_Access_Key_Id=THIRD
aws_secret_access_key: hidden-THIRD
aws_session_token = hidden-token
[half]
aws_access_key_id = HALF
END
site
keys 'aws: default' DEF
has 'aws: region' region d-1
has 'aws: origin' origin "$tmp/.aws/credentials [default]"
site -p one
has 'the keys of aws are not for the server of a profile' id -
site -p aws
keys 'aws-profile' THIRD
has 'aws-profile: region' region t-1
has 'aws-profile: endpoint is below ours' endpoint https://aws.example
aws() { with=AWS_PROFILE=$1; site; }
aws third
keys 'AWS_PROFILE' THIRD
has 'AWS_PROFILE: token' token "$(sha hidden-token)"
has 'AWS_PROFILE: endpoint' endpoint https://third.example
has 'AWS_PROFILE: addressing' addressing virtual
has 'AWS_PROFILE: ca' ca third.pem
aws svc
has 'aws: services' endpoint https://services.example
answer P 2999-01-01T00:00:00Z >cmd.json
aws proc
keys 'aws: credential_process' P
aws quote
fails 'aws: a quote is open' 78 'credential_process of aws profile quote: '\
'a quote that is not closed'
aws sso
fails 'aws: sso' 78 'aws profile sso: sso_session is not supported; keys or '\
'credential_process (aws configure export-credentials) are'
aws role
fails 'aws: role' 78 'aws profile role: role_arn is not supported; keys or '\
'credential_process (aws configure export-credentials) are'
aws half
fails 'aws: half of the keys' 77 "$tmp/.aws/credentials [half]: an access \
key id is there, but its secret key is missing"
aws none
fails 'aws: no such profile' 78 "aws profile none: in neither \
$tmp/.aws/config nor $tmp/.aws/credentials"
aws inconf
keys 'aws: keys in config' IN
chmod 644 .aws/config
aws inconf
fails 'aws: readable keys in config' 77 "$tmp/.aws/config: readable by \
others; chmod 600 $tmp/.aws/config"
aws third
keys 'aws: readable config without a secret' THIRD
chmod 604 .aws/credentials
site
fails 'aws: readable credentials' 77 "$tmp/.aws/credentials: readable by \
others; chmod 600 $tmp/.aws/credentials"
sed 's/DEF/MOVED/' .aws/credentials >cred2
sed 's/d-1/d-2/' .aws/config >conf2
with='AWS_SHARED_CREDENTIALS_FILE=~/cred2 AWS_CONFIG_FILE=conf2'; site
keys 'aws: files elsewhere' MOVED
has 'aws: config elsewhere' region d-2
echo 'hidden-c' >>conf2
with='AWS_SHARED_CREDENTIALS_FILE=cred2 AWS_CONFIG_FILE=conf2'; site
fails 'aws: a bad line' 78 \
    "conf2:$(sed -n '$=' conf2): neither a section nor KEY = VALUE"
chmod 600 .aws/credentials
for v in AWS_WEB_IDENTITY_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_FULL_URI; do
	export "$v=x"
	with='AWS_SHARED_CREDENTIALS_FILE=none'; site
	fails "$v" 78 "$v is not supported; keys, files and commands are"
	unset "$v"
done

# keys that end are read again
soon() { printf '[default]\naws_access_key_id = %s\n'"\
"'aws_secret_access_key = hidden-%s\nexpiry_time = %s\n' "$1" "$1" "$2"; }
soon OLD "$(date -u +%Y-%m-%dT%H:%M:%SZ -d '+60 seconds')" >.aws/credentials
soon NEW "$(date -u +%Y-%m-%dT%H:%M:%SZ -d '+1 day')" >next
mkfifo fifo
"$B/tests/site" -n 2 <fifo >out 2>err &
pid=$!
exec 3>fifo
while ! grep -q addressing out; do :; done
mv next .aws/credentials
echo >&3
while ! grep -q serial out; do :; done
echo >&3
exec 3>&-
wait $pid
all() { sed -n "s/^$1	//p" out | paste -sd, -; }
is 'read again before their end' "$(all id)" NEW,NEW
is 'and only then new' "$(all serial)" 2,2
soon OLD "$(date -u +%Y-%m-%dT%H:%M:%SZ -d '+60 seconds')" >.aws/credentials
"$B/tests/site" -n 1 <fifo >out 2>err &
pid=$!
exec 3>fifo
while ! grep -q addressing out; do :; done
rm .aws/credentials
echo >&3
exec 3>&-
wait $pid
keys 'while the file is not there the old ones serve' OLD

nok 'no secret was ever said' grep hidden every
done_testing
