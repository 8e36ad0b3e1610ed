"""conan create packaging/conan: naru for Conan 2, from the tree it lies in."""

import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, rmdir
from conan.tools.gnu import PkgConfigDeps


class NaruConan(ConanFile):
    name = "naru"
    version = "0.1.0"
    description = "Real-time server and clients: WebSocket, Socket.IO, SockJS, STOMP and HTTP push on one port"
    license = "Apache-2.0"
    package_type = "static-library"  # ADR 0013
    settings = "os", "compiler", "build_type", "arch"
    options = {"fPIC": [True, False], "http2": [True, False]}
    default_options = {"fPIC": True, "http2": True}

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..", "..")
        for part in ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "src/*", "packaging/*.in"):
            copy(self, part, root, self.export_sources_folder)

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("naru runs on Linux only")
        check_min_cppstd(self, 20)

    def requirements(self):
        self.requires("boost/[>=1.81]")
        self.requires("openssl/[>=3 <4]")
        self.requires("simdjson/[>=3]")
        self.requires("zlib/[>=1.2.11 <2]")
        if self.options.http2:
            self.requires("libnghttp2/[>=1.52]")

    def build_requirements(self):
        self.tool_requires("cmake/[>=3.25]")
        self.tool_requires("pkgconf/[>=2]")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("BUILD_PROGRAM", "BUILD_EXAMPLES", "BUILD_TESTS", "WERROR"):
            toolchain.cache_variables[f"NARU_{part}"] = False
        toolchain.cache_variables["NARU_WITH_HTTP2"] = "ON" if self.options.http2 else "OFF"
        toolchain.generate()
        CMakeDeps(self).generate()
        PkgConfigDeps(self).generate()  # nghttp2 is looked for there

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        # Conan writes its own, from what package_info says.
        rmdir(self, os.path.join(self.package_folder, "lib", "cmake"))
        rmdir(self, os.path.join(self.package_folder, "lib", "pkgconfig"))

    def package_info(self):
        core = self.cpp_info.components["core"]
        core.libs = ["naru-core"]
        core.requires = ["boost::headers", "openssl::openssl", "simdjson::simdjson", "zlib::zlib"]
        if self.options.http2:
            core.requires.append("libnghttp2::libnghttp2")
        core.system_libs = ["pthread"]
        for name, needs in (("server", []), ("client", ["boost::url"])):
            component = self.cpp_info.components[name]
            component.libs = [f"naru-{name}"]
            component.requires = ["core", *needs]
        for name, component in self.cpp_info.components.items():
            component.set_property("cmake_target_name", f"naru::{name}")
            component.set_property("pkg_config_name", f"naru-{name}")
