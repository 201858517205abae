/** Who a token speaks for, in the tenant it was issued in. */
export type Principal =
  | {
      readonly kind: 'app';
      readonly tenantId: string;
      /** Of the service principal in that tenant. */
      readonly objectId: string;
      readonly clientId: string;
      readonly name: string;
    }
  | {
      readonly kind: 'user';
      readonly tenantId: string;
      readonly objectId: string;
      readonly upn: string;
      readonly name: string;
    };

/** For the log: an app's client id, or a person's sign-in name. */
export const nameOf = (principal: Principal): string =>
  principal.kind === 'app' ? principal.clientId : principal.upn;
