/** An address of one of our own networks: RFC 1918, RFC 4193, link-local, shared (RFC 6598). */
export function isOurs(address: string): boolean {
  return (
    /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(
      address,
    ) || /^(?:fe[89ab]|f[cd])[0-9a-f]{0,2}:/i.test(address)
  );
}
