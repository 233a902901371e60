# Runs before a user's own script.  The filter takes this header out of mail that
# comes in with it, so it is ours.  "stop": a vacation notice never answers spam.
require ["fileinto", "mailbox"];

if header :is "X-Spam-Flag" "YES" {
    fileinto :create "Spam";
    stop;
}
