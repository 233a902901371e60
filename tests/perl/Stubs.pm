# SPDX-License-Identifier: GPL-3.0-or-later
# Stands for the packages of amavis, SpamAssassin and others that the image has and a developer's
# machine has not: with them the filter's modules compile and their own functions can be called.
# Each package has the functions and variables that the modules use of it, and no others; that it
# really has them is tested in the image (tests/native/test_filter.py).
#
#	perl -Itests/perl -MStubs -Ioverlays/usr/share/postcask/perl -c FILE
package Stubs;
use strict;
use warnings;

our %names = (
    'Amavis'                              => [qw(configs_readable($) load_policy_bank
                                                 delivery_status_notification($$$;$$$$)
                                                 $MSGINFO)],
    'Amavis::AV'                          => [qw(run_av)],
    'Amavis::Conf'                        => [qw(c ca CC_UNCHECKED CC_VIRUS D_PASS D_BOUNCE D_DISCARD D_TEMPFAIL
                                                 include_config_files supply_after_defaults
                                                 $MAXFILES $MAXLEVELS $MYHOME $TEMPBASE
                                                 $child_timeout $daemon_user $helpers_home
                                                 $sa_local_tests_only $sa_tag2_level_deflt
                                                 @decoders %policy_bank %ccat_display_names
                                                 %final_destiny_maps_by_ccat
                                                 %quarantine_method_by_ccat
                                                 %quarantine_to_maps_by_ccat $virus_quarantine_to
                                                 %lovers_maps_by_ccat @banned_files_lovers_maps
                                                 %smtp_reason_by_ccat)],
    'Amavis::Custom'                      => [qw(new)],
    'Amavis::DKIM'                        => [qw(generate_authentication_results($;$$)
                                                 dkim_make_signatures($$;$))],
    'Amavis::Lookup'                      => [qw(lookup2)],
    'Amavis::In::SMTP'                    => [],
    'Amavis::Notify'                      => [qw(delivery_status_notification($$$;$$$$))],
    'Amavis::Out::EditHeader'             => [qw(new write_header($$$$) hdr)],
    'Amavis::Out::Local'                  => [],
    'Amavis::Out::SMTP'                   => [qw(new_dkim_wrapper)],
    'Amavis::Out::SMTP::Session'          => [qw(rundown_stale_sessions)],
    'Amavis::ProcControl'                 => [qw(run_command collect_results($$;$$$)
                                                 proc_status_ok($;$@) exit_status_str)],
    'Amavis::SpamControl'                 => [],
    'Amavis::SpamControl::SpamAssassin'   => [qw(new init_pre_chroot init_pre_fork)],
    'Amavis::Unpackers'                   => [qw(collect_results($$;$$$) proc_status_ok($;$@)
                                                 determine_file_types($$) do_7zip do_executable
                                                 flatten_and_tidy_dir)],
    'Amavis::Unpackers::MIME'             => [qw(mime_decode)],
    'Amavis::Unpackers::NewFilename'      => [qw(consumed_bytes)],
    'Amavis::Unpackers::Part'             => [qw(new)],
    'Amavis::Util'                        => [qw(do_log rmdir_recursively untaint min max
                                                 get_deadline prolong_timer idn_to_ascii
                                                 $timestamp_of_last_reception)],
    'Amavis::rfc2821_2822_Tools'          => [qw(rfc2822_timestamp)],
    'Crypt::OpenSSL::RSA'                 => [qw(new_private_key)],
    'MIME::Decoder::Base64'               => [qw(decode_it install)],
    'MIME::Parser'                        => [qw(extract_uuencode)],
    'Mail::DKIM::Algorithm::ed25519_sha256' => [],
    'Mail::DKIM::Algorithm::rsa_sha256'   => [],
    'Mail::DKIM::DNS'                     => [qw(query $TIMEOUT)],
    'Mail::DKIM::PrivateKey'              => [qw(load)],
    'Mail::DKIM::Signature'               => [qw(new)],
    'Mail::DKIM::Signer'                  => [qw(new)],
    'Mail::SpamAssassin'                  => [qw(new init parse learn check)],
    'Mail::SpamAssassin::AsyncLoop'       => [qw(new time)],
    'Mail::SpamAssassin::DnsResolver'     => [qw(time)],
    'Mail::SpamAssassin::Logger'          => [qw(dbg info)],
    'Mail::SpamAssassin::PerMsgStatus'    => [qw(time $IS_DNS_AVAILABLE)],
    'Mail::SpamAssassin::Plugin'          => [qw(new)],
    'Mail::SpamAssassin::Plugin::Check'   => [qw(hash_line_for_rule time)],
    'Mail::SpamAssassin::Timeout'         => [qw(time)],
    'Mail::SpamAssassin::Util'            => [qw(untaint_var)],
);

# What these do matters to who is tested.
my %body = (
    'Amavis::Conf::c'                    => '$Amavis::Conf::setting{$_[0]}',
    'Amavis::Util::min'                  => 'my @s = sort { $a <=> $b } @_; $s[0]',
    'Amavis::Util::max'                  => 'my @s = sort { $a <=> $b } @_; $s[-1]',
    'Amavis::Util::untaint'              => '$_[0]',
    'Amavis::Util::idn_to_ascii'         => 'lc $_[0]',
    'Mail::SpamAssassin::Util::untaint_var' => '$_[0]',
    'Mail::SpamAssassin::Plugin::new'    => 'bless { main => $_[1] }, $_[0]',
    (map { ("Amavis::Conf::$_->[0]" => $_->[1]) }
        [ CC_UNCHECKED => 7 ], [ CC_VIRUS => 9 ], [ D_PASS => 1 ], [ D_BOUNCE => -2 ], [ D_DISCARD => -3 ], [ D_TEMPFAIL => 0 ]),
);

# A function with its prototype, or a variable.
sub code_of {
    my ($package) = @_;
    my (@variables, @functions);
    push @{ /^\w/ ? \@functions : \@variables }, $_ for @{ $names{$package} };
    my $code = "package $package; use strict; use Exporter (); our \@ISA = 'Exporter';";
    $code .= ' our ($_unused' . join('', map { ", $_" } @variables) . ');';
    $code .= ' our @EXPORT_OK = qw(' . join(' ', map { /(\w+)/ } @functions) . ');';
    for (@functions) {
        my ($name) = /(\w+)/;
        $code .= " sub $_ { " . ($body{"${package}::$name"} // '') . ' }';
    }
    return "$code 1;";
}

unshift @INC, sub {
    my (undef, $path) = @_;
    my $package = $path =~ s{/}{::}gr =~ s/\.pm\z//r;
    return if !$names{$package};
    my $code = code_of($package);
    return \$code;
};

# amavis is there before it reads any of our modules.
require Amavis;
require Amavis::Conf;

1;
