# Runs when a person moves or copies a message out of Spam.  What goes to Trash is only
# thrown away.
require ["vnd.dovecot.pipe", "copy", "imapsieve", "environment", "variables"];

if not environment :is "imap.mailbox" ["Trash", "Spam"] {
    if environment :matches "imap.user" "*" {
        pipe :copy :try "learn" ["ham", "${1}"];
    }
}
