# Runs when a person moves or copies a message into Spam.
require ["vnd.dovecot.pipe", "copy", "imapsieve", "environment", "variables"];

if environment :matches "imap.user" "*" {
    pipe :copy :try "learn" ["spam", "${1}"];
}
