#!/usr/bin/env node
import { makeRoomForBuffers } from './process/collector.adapter.js';
import { runCommand } from './process/run-command.js';

makeRoomForBuffers();
runCommand(process);
