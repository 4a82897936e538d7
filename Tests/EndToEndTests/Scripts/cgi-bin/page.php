<?php
header("X-Interpreter: " . PHP_SAPI);
echo "<", $_SERVER["REQUEST_METHOD"], " ", htmlspecialchars($_GET["word"] ?? $_POST["word"] ?? "none"), ">";
