import { defineAuthMethod } from '../../contract.ts';
import { userSession } from '../user-session.ts';

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html */
export default defineAuthMethod({
  ...userSession,
  kind: 'secret-key',
  title: 'Access key',
  description:
    'A stored access key of an IAM user. The key itself is never handed out: clients get sessions made from it, with all the permissions of the user, exactly as the method session-token makes them. It exists under this name for those who know it from elsewhere.',
});
