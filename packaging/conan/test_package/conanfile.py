import os
import subprocess

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, cmake_layout


class HelloNaru(ConanFile):
    """Builds packaging/example against the package."""

    settings = "os", "compiler", "build_type", "arch"
    generators = "CMakeDeps", "CMakeToolchain"

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires(self.tested_reference_str)

    def build(self):
        cmake = CMake(self)
        cmake.configure(build_script_folder=os.path.join(self.source_folder, "..", "..", "example"))
        cmake.build()

    def test(self):
        if not can_run(self):
            return
        server, client = (os.path.join(self.cpp.build.bindir, f"hello_{one}") for one in ("server", "client"))
        with subprocess.Popen([server, "0"], stdout=subprocess.PIPE, text=True) as running:
            try:
                self.run(f"{client} {running.stdout.readline().split()[-1]}", env="conanrun")
            finally:
                running.terminate()
