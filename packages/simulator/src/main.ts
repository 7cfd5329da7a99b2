import { runCommand } from './runner/command.adapter.js';

void runCommand(process);
