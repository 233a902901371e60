// SPDX-License-Identifier: GPL-3.0-or-later
/* A message as the filter has signed it, and the records of its keys, which are no machine's any
 * more; python3-dkim, Mail::DKIM and OpenDKIM called both signatures good. */
#ifndef POSTCASK_TEST_DKIM_MESSAGE_H
#define POSTCASK_TEST_DKIM_MESSAGE_H

#include <jansson.h>
#include <stddef.h>

/* clang-format off */
static const char dkim_message[] =
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/simple; d=example.org;\r\n"
    "\t h=from:from:to:to:cc:subject:subject:date:date:message-id\r\n"
    "\t:message-id:mime-version:mime-version:content-type:content-type\r\n"
    "\t:content-transfer-encoding; s=pce-202611; t=1796016915; bh=+trUe\r\n"
    "\ti8gXBqNu6eUkGNK4smREVgEZtuWADHvbbnpUhA=; b=+OSxeDIXtTgn74ypuOT2s\r\n"
    "\tyQd8HK3oYX476KMkNDzieW8zCztGAo4esYAY4ry+jOwan5l4QDbzOeDsfbAq9VwC\r\n"
    "\tQ==\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=example.org; h=\r\n"
    "\tfrom:from:to:to:cc:subject:subject:date:date:message-id\r\n"
    "\t:message-id:mime-version:mime-version:content-type:content-type\r\n"
    "\t:content-transfer-encoding; s=pcr-202611; t=1796016915; bh=+trUe\r\n"
    "\ti8gXBqNu6eUkGNK4smREVgEZtuWADHvbbnpUhA=; b=JM356bAMa1mFkW08No3r9\r\n"
    "\tnIV6RvZmfETE7mZW6I98PN4josXxgwvfKHgD7FV5b9qV5o0Rg1d8NuUS2wiiFSBJ\r\n"
    "\t3rqrKnV43sPMQzauQjbpDYuhc2Qy5TrxOeShOfKofbIr4S3J3Ncv7Dh7pNKOXIf1\r\n"
    "\tr1AaNfisest/cSRD7RoqoBSxWOqcsEqc/J/UqdJr9Nzxjm7EvQdVzIMbbvSRsxVK\r\n"
    "\ttI0odsPZwgqxBb/6QRwXidtK/PTO+w2eKJOfRnWj4kZlOzax9g11Wwa5n80eHYOM\r\n"
    "\twUMjsGT3qXnK0KSACDmrlCTIEITiIcH7jvmhVzygMBA2eL4gxwldJywfGzYhoDx3\r\n"
    "\tw==\r\n"
    "X-Virus-Scanned: amavis at mail.example.org\r\n"
    "Received: from mail.example.org ([127.0.0.1])\r\n"
    " by mail.example.org (mail.example.org [127.0.0.1]) (amavis, port 10026)\r\n"
    " with ESMTP id LHE4XS1mCvxG for <friend@far.example>;\r\n"
    " Mon, 30 Nov 2026 05:35:15 +0000 (UTC)\r\n"
    "Received: from client.example.com (unknown [10.55.30.1])\r\n"
    "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\r\n"
    "\t key-exchange x25519 server-signature ECDSA (prime256v1) server-digest SHA256)\r\n"
    "\t(No client certificate requested)\r\n"
    "\tby mail.example.org (Postfix) with ESMTPSA id 4jdCQq1z28zCD\r\n"
    "\tfor <friend@far.example>; Mon, 30 Nov 2026 05:35:15 +0000 (UTC)\r\n"
    "Date: Mon, 30 Nov 2026 05:35:15 +0000\r\n"
    "Message-ID: <06329ed6e7985c1b57dc18e6@example.com>\r\n"
    "From: alice@example.org\r\n"
    "To: friend@far.example\r\n"
    "Subject: mark18cb436e9ad1a56f\r\n"
    "Content-Type: text/plain; charset=\"utf-8\"\r\n"
    "Content-Transfer-Encoding: 8bit\r\n"
    "MIME-Version: 1.0\r\n"
    "\r\n"
    "Gr\303\274\303\237e\r\n"
    "\r\n"
    "\r\n"
    "\r\n";
/* clang-format on */

static const struct {
	const char *algorithm, *selector, *record;
} dkim_records[] = {
    {"rsa", "pcr-202611",
     "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAhrdC7U3nA9XDGmDUy6"
     "7YfknL4+VkO+hIWpJF0HhWo38BExqxGUCnkM+4Zwv4bK1/VaGdbUDnx9TA0eHmz/RjNKKhNJfnsliHq6"
     "6DW7CC5JkLKe2YUAXIo+KGLio90TtMg0MZrY0RgauSaIXzioGyiPg8TkIQzU2VLjbLxjsuBPcLHFiTLA"
     "syGCsq3KXQj4YbAVIyA+KxmXIi4KdRp1zJRmvt3nngFWDSr6nbeAvWcy9NTGUnBalvioVEVTgzuuUmWk"
     "8wqz1njWubI9mdrvFUcuqQ+cxTXcbwgMrgMrIEmCvZgp8rwVLLxcu1ygr8HXLFOnr2hE2rsb9T6CEI8p"
     "joawIDAQAB"},
    {"ed25519", "pce-202611", "v=DKIM1; k=ed25519; p=nXMljYW4r8SKw6S5nx8dXFLp66DDVUAFYwWnMggP77Y="},
};

/* As public.json has them. */
static inline json_t *dkim_published(const char *state)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(dkim_records) / sizeof(dkim_records[0]); i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:s, s:s}", "domain",
						"example.org", "selector", dkim_records[i].selector,
						"algorithm", dkim_records[i].algorithm, "state",
						state, "record", dkim_records[i].record));
	return list;
}

#endif
