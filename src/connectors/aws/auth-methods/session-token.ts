import { defineAuthMethod } from '../../contract.ts';
import { userSession } from '../user-session.ts';

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html */
export default defineAuthMethod({
  ...userSession,
  kind: 'session-token',
  title: 'Session token of an IAM user',
  description:
    'An IAM user’s stored keys are exchanged for sessions with all the permissions of the user, twelve hours by default. AWS lets such a session call no IAM action without MFA, and of STS only AssumeRole and GetCallerIdentity. With mfa_serial, `valetkey connector login` asks for a code and the session counts as authenticated with MFA.',
});
