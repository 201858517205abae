import { behindSecret } from './azure/behind-secret.ts';
import { appService } from './azure/app-service.ts';
import { appServiceSecrets } from './azure/app-service-secrets.ts';

export default [...appService, ...appServiceSecrets, ...behindSecret];
