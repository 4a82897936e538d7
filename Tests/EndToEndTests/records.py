"""A client whose TLS records are made by hand, with whatever is wrong about them (RFC 8446 §5, RFC 5246 §6.2)."""

import ctypes
import hmac
import tempfile

from peer import *

ALERT, HANDSHAKE, DATA = 21, 22, 23
libcrypto = ctypes.CDLL("libcrypto.so.3")
for name in "EVP_CIPHER_CTX_new", "EVP_aes_128_gcm":
    getattr(libcrypto, name).restype = ctypes.c_void_p


def aes_gcm(key, nonce, additional, text):
    """AEAD_AES_128_GCM: the ciphertext with its tag."""
    context, count = ctypes.c_void_p(libcrypto.EVP_CIPHER_CTX_new()), ctypes.c_int()
    out, tag = ctypes.create_string_buffer(len(text) + 16), ctypes.create_string_buffer(16)
    cipher = ctypes.c_void_p(libcrypto.EVP_aes_128_gcm())
    assert libcrypto.EVP_EncryptInit_ex(context, cipher, None, key, nonce) == 1
    assert libcrypto.EVP_EncryptUpdate(context, None, ctypes.byref(count), additional, len(additional)) == 1
    assert libcrypto.EVP_EncryptUpdate(context, out, ctypes.byref(count), text, len(text)) == 1
    assert libcrypto.EVP_EncryptFinal_ex(context, tag, ctypes.byref(count)) == 1
    assert libcrypto.EVP_CIPHER_CTX_ctrl(context, 0x10, 16, tag) == 1  # EVP_CTRL_AEAD_GET_TAG
    libcrypto.EVP_CIPHER_CTX_free(context)
    return out.raw[: len(text)] + tag.raw


def expand(secret, label, count):
    """HKDF-Expand-Label of no context, for no more than a hash gives (RFC 8446 §7.1)."""
    label = b"tls13 " + label
    info = count.to_bytes(2, "big") + bytes([len(label)]) + label + b"\0\1"
    return hmac.digest(secret, info, "sha256")[:count]


def prf(secret, seed, count):
    """TLS 1.2's pseudorandom function (RFC 5246 §5)."""
    data, a = b"", seed
    while len(data) < count:
        a = hmac.digest(secret, a, "sha256")
        data += hmac.digest(secret, a + seed, "sha256")
    return data[:count]


def records(data):
    """The records that these bytes are."""
    while data:
        end = 5 + int.from_bytes(data[3:5], "big")
        yield data[:end]
        data = data[end:]


class Forger(ByHand):
    """A client that has shaken hands, or with `is_held` keeps its last flight back as a list of records."""

    def __init__(self, version, is_held=False):
        self.keys = tempfile.NamedTemporaryFile("r")
        trust.keylog_filename = self.keys.name
        self.is_new, self.is_held = version == ssl.TLSVersion.TLSv1_3, is_held
        super().__init__(version)

    def shake(self):
        flight = server_hello = b""
        while not flight:
            try:
                self.stream.do_handshake()
            except ssl.SSLWantReadError:
                pass
            if server_hello:
                flight = self.outgoing.read()
            else:
                self.send(self.outgoing.read())
            if not flight:
                data = self.receive()
                server_hello = server_hello or data
        self.set_keys(server_hello[11:43])
        # TLS 1.2 counts on from Finished.
        self.sequence = 0 if self.is_new or self.is_held else 1
        if self.is_held:
            self.flight = list(records(flight))
        else:
            self.send(flight)
            super().shake()

    def secret(self, label):
        self.keys.seek(0)
        for line in self.keys:
            if line.startswith(label + " "):
                _, random, secret = line.split()
                return bytes.fromhex(random), bytes.fromhex(secret)

    def set_keys(self, server_random):
        if self.is_new:
            _, secret = self.secret("CLIENT_HANDSHAKE_TRAFFIC_SECRET" if self.is_held else "CLIENT_TRAFFIC_SECRET_0")
            self.key, self.iv = expand(secret, b"key", 16), expand(secret, b"iv", 12)
        else:
            random, master = self.secret("CLIENT_RANDOM")
            block = prf(master, b"key expansion" + server_random + random, 40)
            self.key, self.iv = block[:16], block[32:36]

    def forge(self, kind, content):
        """A record of this type, with this content, well encrypted."""
        sequence = self.sequence.to_bytes(8, "big")
        self.sequence += 1
        if self.is_new:
            inner = content + bytes([kind])
            header = bytes([DATA, 3, 3]) + (len(inner) + 16).to_bytes(2, "big")
            nonce = bytes(a ^ b for a, b in zip(self.iv, bytes(4) + sequence))
            return header + aes_gcm(self.key, nonce, header, inner)
        head = bytes([kind, 3, 3])
        sealed = aes_gcm(self.key, self.iv + sequence, sequence + head + len(content).to_bytes(2, "big"), content)
        return head + (len(sequence) + len(sealed)).to_bytes(2, "big") + sequence + sealed

    def send(self, data):
        self.socket.sendall(data)
