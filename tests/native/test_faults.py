# SPDX-License-Identifier: GPL-3.0-or-later
"""No acknowledged message is lost, whatever fails under load: as much mail as the machine can
take.  moments.py says how often and how much."""

import os

import pytest

from fault_table import FAULTS, HARDEST
from faults import Box
from machine import Machine, user_data
from moments import MOMENTS, Table, mail_goes_on_after, nothing_is_lost, strikes, striking

STRIKING = striking(FAULTS, HARDEST, 5)
STRIKES = len(STRIKING) * max(MOMENTS, 1)
MESSAGES = int(os.environ.get("POSTCASK_FAULT_MESSAGES", STRIKES * 1080)) // STRIKES    # at each

# Everything but SpamAssassin, whose rules take ten times as long as all the rest, and amavis' own
# unpacking, which takes half of that: clamd unpacks for itself.  One of the senders is a login, with
# more than a person sends.
DATA = user_data() + """  services: {web: true}
  limits: {user_recipients_per_hour: 0, user_recipients_per_day: 0}
  filter: {blocklists: [list.example.net]}
  authentication:
    oauth:
      issuer: https://id.example.org
      audience: mail
      keys: |
        {"keys": [{"kty": "EC", "crv": "P-256", "kid": "two",
        "x": "Z0XOiGss7v3P9ReQam_Ze1B550_kPD4HbPzL4vi5YcA",
        "y": "V9dxuIhy6p-iZ1OH1I04Y4phf7CkskTN1XFi8CKXpiM"}]}
  extra:
    amavis: |
      @bypass_spam_checks_maps = ({ '.example.org' => 1, '.example.net' => 1 });
      $bypass_decode_parts = 1;
"""


@pytest.fixture(scope="module")
def box():
    with Machine("faults", "10.67.0", data=DATA) as machine:
        box = Box(machine)
        box.limit_disks()
        yield box


@pytest.fixture(scope="module")
def table(box):
    return Table("faults", box.store)


@pytest.mark.parametrize("fault,number", strikes(STRIKING))
def test_mail_goes_on_after(box, table, fault, number):
    mail_goes_on_after(fault, number, box, table, MESSAGES)


def test_no_acknowledged_message_is_lost(table):
    nothing_is_lost(table)
