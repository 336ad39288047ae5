/**
 * A self-signed certificate for tests of TLS, and its private key. No machine trusts the certificate, so the key is no secret.
 * The certificates were made with openssl (prime256v1, valid for 100 years; the expired certificate with a negative validity).
 */
export interface TestCertificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate for the name localhost, but not for the address 127.0.0.1. */
export const localhostCertificate: TestCertificate = {
  key: `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEILLq6nQIHXhuGN1Zhb6CsV9OF/7Sl8LKeAsxCU6jSxGaoAoGCCqGSM49
AwEHoUQDQgAES0GxCfJLb2DUKS1K5TlKdl648sz/mTxz+rseYZ46X9YWJ5ke0NTe
Y3cNUOIROU0HXQ3rJvI6W2XYU3Tve3NoTQ==
-----END EC PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBlDCCATugAwIBAgIUS+SFY3SEUCZP39m11aqJbY8WC30wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjEzMDA1NFoYDzIxMjYxMDI5
MTMwMDU0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARLQbEJ8ktvYNQpLUrlOUp2XrjyzP+ZPHP6ux5hnjpf1hYnmR7Q1N5j
dw1Q4hE5TQddDesm8jpbZdhTdO97c2hNo2kwZzAdBgNVHQ4EFgQU/FRnaxtJyqHu
2p9SuZrwatt5j/0wHwYDVR0jBBgwFoAU/FRnaxtJyqHu2p9SuZrwatt5j/0wDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
RwAwRAIgBmEG3gqfGo98qdoHiX9jm7n/126eA+3tH5co6vEHu3oCIAG9edCcELvP
PG/97i6k3e23QaJYpkCX57ev6liz6Ekl
-----END CERTIFICATE-----`,
};

/** A certificate for the name other.example. */
export const otherCertificate: TestCertificate = {
  key: `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIBTJF2dR9qrBaX3VYmEmbpnoTzteP3wAxg5fHTFMGRV+oAoGCCqGSM49
AwEHoUQDQgAEsJXwEZM1Ttjs9Im13c/bswQJSAsZ2Kc9CqdNkjJuVPlpWoJZk/Gj
7y4s6GI43dXdAZSGKhkJisTYCVBF9lhTdw==
-----END EC PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIUNACA90kcS0mKTjjaMm2x34WNVREwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNb3RoZXIuZXhhbXBsZTAgFw0yNjExMjIxMzAwNTRaGA8yMTI2
MTAyOTEzMDA1NFowGDEWMBQGA1UEAwwNb3RoZXIuZXhhbXBsZTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABLCV8BGTNU7Y7PSJtd3P27MECUgLGdinPQqnTZIyblT5
aVqCWZPxo+8uLOhiON3V3QGUhioZCYrE2AlQRfZYU3ejbTBrMB0GA1UdDgQWBBRk
DNszinsgMQJjYISEeo6rEJQwqzAfBgNVHSMEGDAWgBRkDNszinsgMQJjYISEeo6r
EJQwqzAPBgNVHRMBAf8EBTADAQH/MBgGA1UdEQQRMA+CDW90aGVyLmV4YW1wbGUw
CgYIKoZIzj0EAwIDSAAwRQIgDIX/QXJH8pCaKtpFOhHvG+iimWqq8tLy6WJl9wFH
bhICIQDXPoeexKgKDovzT/izkNHaSMTttRqeMO6iGAME4e0JAQ==
-----END CERTIFICATE-----`,
};

/** A certificate for the name localhost that was already expired when it was made. */
export const expiredCertificate: TestCertificate = {
  key: `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIPq4KUIyz6DnZ91WqIuB0XDFg+CSuYLy6D8F9o77jA18oAoGCCqGSM49
AwEHoUQDQgAEPpXap5ufew2KTylDBE0rcfkKCnjD2hDW77uJHSn/PGTkALTXRMRy
s6/89CN1Od/26SAJ3V5R5koMskvuyRAKkA==
-----END EC PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBYjCCAQegAwIBAgIUKbqG1ANg1WAlPaU3ZO83FNz5LTgwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MB4XDTI2MTEyMjEzMDI0OVoXDTI2MTEyMTEz
MDI0OVowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEPpXap5ufew2KTylDBE0rcfkKCnjD2hDW77uJHSn/PGTkALTXRMRys6/8
9CN1Od/26SAJ3V5R5koMskvuyRAKkKM3MDUwFAYDVR0RBA0wC4IJbG9jYWxob3N0
MB0GA1UdDgQWBBS3t9uG1n1xytz5bscgAWQgLmOrMjAKBggqhkjOPQQDAgNJADBG
AiEA7+fNU2qgkavsVlemdL2DoyMDx+83k3vv43YbapJQ280CIQDqT89ZTSoOqv5N
SQIVL04nILTz2zPKCv3AH/yq9qVzIw==
-----END CERTIFICATE-----`,
};
