"""A small certificate authority for the machines of inference.

The key of the authority need not be on any server: it is used here and nowhere else. A certificate
names the role of its holder, not a host, so all workers may share one.
"""

import datetime
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hanse.inference import Role

AUTHORITY_DAYS = 3650
_CLOCK_SKEW = datetime.timedelta(minutes=5)

Key = ec.EllipticCurvePrivateKey


def renew(folder: Path, *, days: int, new_authority: bool = False) -> list[Path]:
    """Write a new certificate and key for each role; return the files written.

    The authority in `folder` is made if there is none. With `new_authority` it is replaced, and
    `ca.pem` goes on to name the old one beside it: both are trusted until everybody has a
    certificate of the new one.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority, authority_key = folder / "ca.pem", folder / "ca-key.pem"
    written: list[Path] = []
    if new_authority or not authority_key.exists():
        old = authority.read_bytes() if authority.exists() else b""
        key = ec.generate_private_key(ec.SECP256R1())
        _write(authority_key, _pem_key(key))
        _write(authority, _pem(_authority(key)) + _first(old), mode=0o644)
        written += [authority, authority_key]
    issuer = x509.load_pem_x509_certificates(authority.read_bytes())[0]
    loaded = serialization.load_pem_private_key(authority_key.read_bytes(), None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    for role in Role:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(role, key, issuer, loaded, days)
        files = folder / f"{role.value}.pem", folder / f"{role.value}-key.pem"
        _write(files[1], _pem_key(key))
        _write(files[0], _pem(certificate), mode=0o644)
        written += files
    return written


def _authority(key: Key) -> x509.Certificate:
    name = _name("Hanse inference authority")
    return (
        _builder(name, name, key, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _certificate(
    role: Role, key: Key, issuer: x509.Certificate, issuer_key: Key, days: int
) -> x509.Certificate:
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
    if role is Role.SCHEDULER:
        usages = [ExtendedKeyUsageOID.SERVER_AUTH]
    return (
        _builder(_name(f"Hanse inference {role.value}"), issuer.subject, key, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(issuer_id, critical=False)
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(role.uri)]),
            critical=False,
        )
        .sign(issuer_key, hashes.SHA256())
    )


def _builder(subject: x509.Name, issuer: x509.Name, key: Key, days: int) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _first(bundle: bytes) -> bytes:
    return _pem(x509.load_pem_x509_certificates(bundle)[0]) if bundle else b""


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_key(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    work = path.with_suffix(".new")
    work.unlink(missing_ok=True)
    with os.fdopen(os.open(work, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(content)
    work.replace(path)
